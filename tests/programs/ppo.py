"""Proximal policy optimisation of a point that must stay at zero: Gaussian policy, clipping, several epochs."""

import torch
import torch.nn as nn
from torch.distributions import Normal, kl_divergence

torch.manual_seed(7)


class ActorCritic(nn.Module):
    def __init__(self, std=0.0):
        super().__init__()
        self.critic = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
        self.actor = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
        self.log_std = nn.Parameter(torch.ones(1, 1) * std)
        for layer in (self.actor[0], self.critic[0]):
            nn.init.orthogonal_(layer.weight, gain=2**0.5)
            layer.bias.data.zero_()

    def forward(self, x):
        mu = self.actor(x)
        return Normal(mu, self.log_std.exp().expand_as(mu)), self.critic(x)


def advantages(rewards, values, last, gamma=0.9, tau=0.95):
    values, gae, out = [*values, last], 0, []
    for step in reversed(range(len(rewards))):
        delta = rewards[step] + gamma * values[step + 1] - values[step]
        gae = delta + gamma * tau * gae
        out.insert(0, gae + values[step])
    return out


model = ActorCritic()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, eps=1e-5)
state = torch.randn(8, 2)
for update in range(6):
    log_probs, values, states, actions, rewards = [], [], [], [], []
    for _ in range(8):
        dist, value = model(state)
        action = dist.sample()
        states.append(state)
        actions.append(action)
        log_probs.append(dist.log_prob(action))
        values.append(value)
        position = (state[:, :1] + 0.3 * state[:, 1:]).clip(min=-3, max=3)
        state = torch.cat([position, (state[:, 1:] + 0.3 * action).clamp(-2, 2)], 1)
        rewards.append(-position.pow(2))
    with torch.no_grad():
        _, last = model(state)
    returns = torch.cat(advantages(rewards, values, last)).detach()
    log_probs, values = torch.cat(log_probs).detach(), torch.cat(values).detach()
    states, actions = torch.cat(states), torch.cat(actions)
    advantage = returns - values
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    for _ in range(2):
        for index in torch.randperm(len(states)).split(32):
            dist, value = model(states[index])
            ratio = (dist.log_prob(actions[index]) - log_probs[index]).exp()
            first = ratio * advantage[index]
            second = torch.clamp(ratio, 0.8, 1.2) * advantage[index]
            actor_loss = -torch.min(first, second).mean()
            critic_loss = (returns[index] - value).pow(2).mean()
            loss = 0.5 * critic_loss + actor_loss - 0.001 * dist.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
    prior = Normal(torch.zeros_like(dist.mean), 1.0)
    print(f"{update} {loss.item():.5f} {norm:.5f} {kl_divergence(dist, prior).mean().item():.5f}")
