// The program takes it for granted that it is alone, and gives up with an exception where it is not.
#include "../sample.h"

extern void bpf_throw(__u64 cookie) __ksym;

__u64 inside;

SEC("tc")
int enter(struct __sk_buff *ctx)
{
	__u64 others = __sync_fetch_and_add(&inside, 1);

#ifdef MENDED
	if (others > 0)
		ctx->mark = 1;
#else
	if (others > 0)
		bpf_throw(TC_ACT_SHOT);
#endif
	__sync_fetch_and_add(&inside, -1);
	return TC_ACT_OK;
}
