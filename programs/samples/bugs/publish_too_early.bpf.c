// The buffer changes hands before it is filled.
#include "../sample.h"

__u64 buffer, state; /* 0 free, 1 being filled, 2 full, 3 being emptied */

SEC("tc")
int fill(struct __sk_buff *ctx)
{
#ifdef MENDED
	if (__sync_val_compare_and_swap(&state, 0, 1) != 0)
		return TC_ACT_OK;
	buffer = ctx->len;
	__sync_val_compare_and_swap(&state, 1, 2);
#else
	if (__sync_val_compare_and_swap(&state, 0, 2) != 0)
		return TC_ACT_OK;
	buffer = ctx->len;
#endif
	return TC_ACT_OK;
}

SEC("tc")
int empty(struct __sk_buff *ctx)
{
	if (__sync_val_compare_and_swap(&state, 2, 3) != 2)
		return TC_ACT_OK;
	buffer = 0;
	__sync_val_compare_and_swap(&state, 3, 0);
	return TC_ACT_OK;
}
