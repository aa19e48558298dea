"""Q-learning on a corridor of eight cells: replay memory, target net, Huber loss, exploration."""

import random
from collections import deque, namedtuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
np.random.seed(0)
random.seed(0)
Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))


class Corridor:
    def reset(self):
        self.cell = 3
        return self.observe()

    def observe(self):
        return np.eye(8, dtype=np.float32)[self.cell]

    def step(self, action):
        self.cell += 1 if action else -1
        done = self.cell in (0, 7)
        return self.observe(), float(self.cell == 7), done


def make():
    return nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 2))


policy, target = make(), make()
target.load_state_dict(policy.state_dict())
optimizer = torch.optim.AdamW(policy.parameters(), lr=5e-3, amsgrad=True)
memory, env, losses = deque(maxlen=500), Corridor(), []
for _episode in range(14):
    state = torch.tensor(env.reset()).unsqueeze(0)
    for _ in range(20):
        if random.random() > 0.3:
            with torch.no_grad():
                action = policy(state).max(1)[1].view(1, 1)
        else:
            action = torch.tensor([[random.randrange(2)]], dtype=torch.long)
        observation, reward, done = env.step(action.item())
        following = None if done else torch.from_numpy(observation).unsqueeze(0)
        memory.append(Transition(state, action, following, torch.tensor([reward])))
        state = following
        if len(memory) >= 16:
            batch = Transition(*zip(*random.sample(memory, 16)))
            mask = torch.tensor(tuple(s is not None for s in batch.next_state), dtype=torch.bool)
            kept = [s for s in batch.next_state if s is not None]
            values = policy(torch.cat(batch.state)).gather(1, torch.cat(batch.action))
            future = torch.zeros(16)
            if kept:
                with torch.no_grad():
                    future[mask] = target(torch.cat(kept)).max(1).values
            loss = F.smooth_l1_loss(values, (future * 0.9 + torch.cat(batch.reward)).unsqueeze(1))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_value_(policy.parameters(), 100)
            optimizer.step()
            losses.append(loss.item())
            theirs = target.state_dict()
            for key, value in policy.state_dict().items():
                theirs[key] = value * 0.05 + theirs[key] * 0.95
            target.load_state_dict(theirs)
        if done:
            break
print(len(losses), " ".join(f"{loss:.5f}" for loss in losses[::6]))
