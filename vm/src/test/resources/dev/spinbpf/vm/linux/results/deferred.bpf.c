// What each step of a timer and of a work queue answers.
#include "../deferred.h"

static long (*ktime)(void) = (void *)5;

static int nothing(void *map, int *key, struct timed *value)
{
	return 0;
}

static int nothing_queued(void *map, int *key, void *value)
{
	return 0;
}

#define TIMER(name)                                                                                                    \
	SEC("tc") int name(void *ctx)                                                                                  \
	{                                                                                                              \
		struct timed *value = timed(0);                                                                        \
		if (!value)                                                                                            \
			return 1000;
#define WORK(name)                                                                                                     \
	SEC("tc") int name(void *ctx)                                                                                  \
	{                                                                                                              \
		struct queued *value = queued(0);                                                                      \
		if (!value)                                                                                            \
			return 1000;
#define INIT timer_init(&value->timer, &timers, CLOCK_MONOTONIC)
#define READY                                                                                                          \
	INIT;                                                                                                          \
	timer_set_callback(&value->timer, nothing)
#define SECOND 1000000000ull

TIMER(init_once)
	return INIT;
}

TIMER(init_twice)
	INIT;
	return INIT;
}

TIMER(init_realtime)
	return timer_init(&value->timer, &timers, CLOCK_REALTIME);
}

TIMER(init_boottime)
	return timer_init(&value->timer, &timers, CLOCK_BOOTTIME);
}

TIMER(init_bad_clock)
	return timer_init(&value->timer, &timers, 5);
}

TIMER(init_bad_flags)
	return timer_init(&value->timer, &timers, CLOCK_MONOTONIC | 0x100);
}

TIMER(set_without_init)
	return timer_set_callback(&value->timer, nothing);
}

TIMER(start_without_init)
	return timer_start(&value->timer, 1000, 0);
}

TIMER(cancel_without_init)
	return timer_cancel(&value->timer);
}

TIMER(cancel_async_without_init)
	return bpf_timer_cancel_async(&value->timer);
}

TIMER(start_without_callback)
	INIT;
	return timer_start(&value->timer, 1000, 0);
}

TIMER(start)
	READY;
	return timer_start(&value->timer, SECOND, 0);
}

TIMER(start_bad_flags)
	READY;
	return timer_start(&value->timer, 1000, 8);
}

TIMER(start_abs_pin)
	READY;
	return timer_start(&value->timer, ktime() + SECOND, 3);
}

TIMER(cancel_idle)
	READY;
	return timer_cancel(&value->timer);
}

TIMER(cancel_active)
	READY;
	timer_start(&value->timer, SECOND, 0);
	return timer_cancel(&value->timer);
}

TIMER(start_after_cancel)
	READY;
	timer_start(&value->timer, SECOND, 0);
	timer_cancel(&value->timer);
	return timer_start(&value->timer, 1000, 0);
}

TIMER(cancel_async_active)
	READY;
	timer_start(&value->timer, SECOND, 0);
	return bpf_timer_cancel_async(&value->timer);
}

TIMER(cancel_async_idle)
	READY;
	return bpf_timer_cancel_async(&value->timer);
}

TIMER(start_after_async)
	READY;
	timer_start(&value->timer, SECOND, 0);
	bpf_timer_cancel_async(&value->timer);
	return timer_start(&value->timer, 1000, 0);
}

TIMER(start_again)
	READY;
	timer_start(&value->timer, SECOND, 0);
	timer_start(&value->timer, SECOND, 0);
	return timer_cancel(&value->timer);
}

TIMER(update_frees)
	READY;
	timer_start(&value->timer, SECOND, 0);
	value = timed(0);
	return value ? timer_start(&value->timer, 1000, 0) : 1001;
}

WORK(wq_init_flags)
	return bpf_wq_init(&value->work, &queues, 1);
}

WORK(wq_init_twice)
	bpf_wq_init(&value->work, &queues, 0);
	return bpf_wq_init(&value->work, &queues, 0);
}

WORK(wq_start_without_init)
	return bpf_wq_start(&value->work, 0);
}

WORK(wq_set_without_init)
	return bpf_wq_set_callback(&value->work, nothing_queued, 0);
}

WORK(wq_set_flags)
	bpf_wq_init(&value->work, &queues, 0);
	return bpf_wq_set_callback(&value->work, nothing_queued, 1);
}

WORK(wq_start_without_callback)
	bpf_wq_init(&value->work, &queues, 0);
	return bpf_wq_start(&value->work, 0);
}

WORK(wq_start_flags)
	bpf_wq_init(&value->work, &queues, 0);
	bpf_wq_set_callback(&value->work, nothing_queued, 0);
	return bpf_wq_start(&value->work, 1);
}

WORK(wq_start)
	bpf_wq_init(&value->work, &queues, 0);
	bpf_wq_set_callback(&value->work, nothing_queued, 0);
	return bpf_wq_start(&value->work, 0);
}

WORK(wq_start_twice)
	bpf_wq_init(&value->work, &queues, 0);
	bpf_wq_set_callback(&value->work, nothing_queued, 0);
	bpf_wq_start(&value->work, 0);
	return bpf_wq_start(&value->work, 0);
}
