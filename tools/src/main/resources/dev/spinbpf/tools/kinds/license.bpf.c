#define OWN_LICENSE
#include "kinds.h"

#ifdef MENDED
char LICENSE[] SEC("license") = "GPL";
#else
char LICENSE[] SEC("license") = "Proprietary";
#endif

SEC("kprobe/vfs_read")
int program(void *context)
{
	__u64 word = 0;
	bpf_probe_read_kernel(&word, sizeof(word), context);
	return word & 1;
}
