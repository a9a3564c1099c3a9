// The addition is atomic, the reset is not: an addition between the look and the store is lost.
#include "../sample.h"

__u64 batch;

SEC("tc")
int count(struct __sk_buff *ctx)
{
#ifdef MENDED
	if (__sync_fetch_and_add(&batch, 1) == 1)
		__sync_fetch_and_sub(&batch, 2);
#else
	__sync_fetch_and_add(&batch, 1);
	if (*(volatile __u64 *)&batch >= 1)
		*(volatile __u64 *)&batch = 0;
#endif
	return TC_ACT_OK;
}
