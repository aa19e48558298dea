// Whether operations are recorded, for each thread.
#pragma once

namespace chainrule {

// Initial-exec: one load, no call, in the path of every operation. Not under AddressSanitizer: UBSan's null check of such an address
// relies on processor flags that the linker's relaxation of the access does not keep, and so reports null where there is none.
#ifdef __SANITIZE_ADDRESS__
extern thread_local bool grad_mode_enabled;
#else
extern thread_local bool grad_mode_enabled __attribute__((tls_model("initial-exec")));
#endif

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
