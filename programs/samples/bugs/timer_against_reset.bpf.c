// A timer interrupt counts between the task's load and its store.
#include "../sample.h"

__u64 pending;

SEC("syscall")
int work(void *ctx)
{
#ifdef MENDED
	__sync_fetch_and_sub(&pending, 1);
#else
	pending--;
#endif
	return 0;
}

SEC("tp_btf/hrtimer_expire_entry")
int on_timer(__u64 *ctx)
{
	__sync_fetch_and_add(&pending, 1);
	return 0;
}
