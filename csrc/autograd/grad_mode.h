// Whether operations are recorded, for each thread.
#pragma once

namespace chainrule {

#ifdef __SANITIZE_ADDRESS__
// A function in sanitizer builds: UBSan's null check of a thread-local's address relies on processor flags that the linker's
// relaxation of the access does not keep, and so reports null where there is none.
bool& grad_mode();
#else
// constinit: no wrapper function stands before it. Initial-exec: one load, no call, in the path of every operation.
extern constinit thread_local bool grad_mode_flag __attribute__((tls_model("initial-exec")));
inline bool& grad_mode() { return grad_mode_flag; }
#endif

class GradMode {
  public:
    explicit GradMode(bool enabled) : before_(grad_mode()) { grad_mode() = enabled; }
    ~GradMode() { grad_mode() = before_; }
    GradMode(const GradMode&) = delete;
    GradMode& operator=(const GradMode&) = delete;

  private:
    bool before_;
};

}  // namespace chainrule
