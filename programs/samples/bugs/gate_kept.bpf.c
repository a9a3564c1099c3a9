// The task gives up where an interrupt came in between, and leaves its gate closed: nobody comes in any more.
#include "../sample.h"

static __u32 gate;
static __u64 events, passes;

SEC("syscall")
int pass(void *ctx)
{
	__u64 before;

	if (__sync_val_compare_and_swap(&gate, 0, 1))
		return 0;
	before = READ_ONCE(events);
	passes++;
	if (READ_ONCE(events) != before) {
#ifdef MENDED
		__sync_val_compare_and_swap(&gate, 1, 0);
#endif
		return 1;
	}
	__sync_val_compare_and_swap(&gate, 1, 0);
	return 0;
}

SEC("tp_btf/hrtimer_expire_entry")
int on_timer(__u64 *ctx)
{
	__sync_fetch_and_add(&events, 1);
	return 0;
}
