// The usual mistake: taking the second lock fails, and the program returns without releasing the first one.
// The good path is balanced; the error path is not.
// Try: spinbpf verify leaked_on_error_path.bpf.o
#include "sample.h"

static struct bpf_res_spin_lock from SEC(".data.from");
static struct bpf_res_spin_lock to SEC(".data.to");
__u64 from_balance = 100, to_balance;

SEC("syscall")
int transfer(void *ctx)
{
	int err = bpf_res_spin_lock(&from);

	if (err)
		return err;
	err = bpf_res_spin_lock(&to);
	if (err)
		return err; /* `from` is still held */
	from_balance--;
	to_balance++;
	bpf_res_spin_unlock(&to);
	bpf_res_spin_unlock(&from);
	return 0;
}
