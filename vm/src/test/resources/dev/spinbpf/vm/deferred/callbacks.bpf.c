// Callbacks of timers, work queues: that they run, where, and what they may do. Programs wait in a task until then.
#include "../linux/deferred.h"

__u64 fired, own, key, again, other, ended;


static int count(void *map, int *at, struct timed *value)
{
	fired++;
	key = *at;
	own = timer_cancel(&value->timer);
	return 0;
}

static int rearm(void *map, int *at, struct timed *value)
{
	if (++fired < 3)
		again = timer_start(&value->timer, 1000, 0);
	own = bpf_timer_cancel_async(&value->timer);
	return 0;
}

static int vanish(void *map, int *at, struct timed *value)
{
	fired++;
	own = bpf_map_delete_elem(&timers, at);
	other = timer_start(&value->timer, 1000, 0);
	return 0;
}

static int work(void *map, int *at, void *value)
{
	struct queued *queued = value;

	key = *at;
	fired++;
	if (queued->count++ == 0)
		again = bpf_wq_start(&queued->work, 0);
	return 0;
}

static int forever(void *map, int *at, struct timed *value)
{
	fired++;
	timer_start(&value->timer, 20000, 0);
	return 0;
}

#define TIMER(name, at, callback, nanos)                                                                               \
	SEC("syscall") int name(void *ctx)                                                                             \
	{                                                                                                              \
		struct timed *value = timed(at);                                                                       \
		if (!value)                                                                                            \
			return 1000;                                                                                   \
		timer_init(&value->timer, &timers, CLOCK_MONOTONIC);                                                   \
		timer_set_callback(&value->timer, callback);                                                           \
		timer_start(&value->timer, nanos, 0);

TIMER(once, 2, count, 1000000)
	return fired;
}

TIMER(rearms, 0, rearm, 1000)
	return fired;
}

TIMER(vanishes, 0, vanish, 1000)
	return fired;
}

TIMER(deleted, 0, count, 1000)
	int at = 0;

	bpf_map_delete_elem(&timers, &at);
	return 0;
}

static long is_over(__u32 index, void *context)
{
	ended = index;
	return fired > 0;
}

static long (*loop)(__u32 count, void *callback, void *context, __u64 flags) = (void *)181;

TIMER(waits, 0, count, 1000)
	loop(1 << 23, is_over, NULL, 0);
	return fired;
}

SEC("tc") int masks(void *ctx)
{
	struct timed *value = timed(1);

	if (!value)
		return 1000;
	timer_init(&value->timer, &timers, CLOCK_MONOTONIC);
	timer_set_callback(&value->timer, count);
	timer_start(&value->timer, 0, 0);
	loop(1 << 12, is_over, NULL, 0);
	return fired;
}

SEC("syscall") int slot(void *ctx)
{
	int at = 3;
	struct timed *value = bpf_map_lookup_elem(&slots, &at);

	if (!value)
		return 1000;
	timer_init(&value->timer, &slots, CLOCK_MONOTONIC);
	timer_set_callback(&value->timer, count);
	return timer_start(&value->timer, 1000, 0);
}

SEC("syscall") int works(void *ctx)
{
	struct queued *value = queued(1);

	if (!value)
		return 1000;
	bpf_wq_init(&value->work, &queues, 0);
	bpf_wq_set_callback(&value->work, work, 0);
	bpf_wq_start(&value->work, 0);
	bpf_wq_start(&value->work, 0);
	return fired;
}

SEC("syscall") int ticks(void *ctx)
{
	int at = 3;
	struct timed *value = bpf_map_lookup_elem(&slots, &at);

	if (!value)
		return 1000;
	if (!timer_init(&value->timer, &slots, CLOCK_MONOTONIC)) {
		timer_set_callback(&value->timer, forever);
		timer_start(&value->timer, 20000, 0);
	}
	return 0;
}

/* Interrupts the task programs, on any CPU. */
SEC("tc") int cancels(void *ctx)
{
	int at = 3;
	struct timed *value = bpf_map_lookup_elem(&slots, &at);

	if (!value)
		return 1000;
	if (timer_cancel(&value->timer) >= 0) {
		timer_set_callback(&value->timer, forever);
		timer_start(&value->timer, 20000, 0);
	}
	return 0;
}
