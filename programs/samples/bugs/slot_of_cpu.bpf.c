// A slot for each CPU is not a slot for each context: the packet interrupts the task on the same CPU.
#include "../sample.h"

__u64 counts[2][2];

static __always_inline void count(int level)
{
	counts[bpf_get_smp_processor_id() & 1][level]++;
}

SEC("syscall")
int call(void *ctx)
{
	count(0);
	return 0;
}

SEC("tc")
int packet(struct __sk_buff *ctx)
{
#ifdef MENDED
	count(1);
#else
	count(0);
#endif
	return TC_ACT_OK;
}
