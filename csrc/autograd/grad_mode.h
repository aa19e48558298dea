// Whether operations are recorded, for each thread.
#pragma once

namespace chainrule {

// Initial-exec: one load, no call, in the path of every operation.
extern thread_local bool grad_mode_enabled __attribute__((tls_model("initial-exec")));

class GradMode {
  public:
    explicit GradMode(bool enabled) : before_(grad_mode_enabled) { grad_mode_enabled = enabled; }
    ~GradMode() { grad_mode_enabled = before_; }
    GradMode(const GradMode&) = delete;
    GradMode& operator=(const GradMode&) = delete;

  private:
    bool before_;
};

}  // namespace chainrule
