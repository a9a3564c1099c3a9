#include "kinds.h"

struct bpf_res_spin_lock guard SEC(".data.guard") __hidden;
#ifdef MENDED
static __u64 guarded SEC(".data.guard");
#else
__u64 guarded SEC(".data.guard");
#endif

SEC("tc")
int program(struct __sk_buff *skb)
{
	if (bpf_res_spin_lock(&guard))
		return 1;
	guarded++;
	bpf_res_spin_unlock(&guard);
	return 0;
}
