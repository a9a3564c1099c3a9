// Maps and functions of timers and work queues.
#pragma once
#include "kernel.h"

struct timed {
	int count;
	struct bpf_timer timer;
};
struct queued {
	int count;
	struct bpf_wq work;
};

#define CALLS(name, kind, value_t)                                                                                     \
	struct {                                                                                                       \
		__uint(type, kind);                                                                                    \
		__uint(max_entries, 4);                                                                                \
		__type(key, int);                                                                                      \
		__type(value, value_t);                                                                                \
	} name SEC(".maps")

CALLS(timers, BPF_MAP_TYPE_HASH, struct timed);
CALLS(slots, BPF_MAP_TYPE_ARRAY, struct timed);
CALLS(queues, BPF_MAP_TYPE_HASH, struct queued);

enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_BOOTTIME = 7 };

static long (*timer_init)(struct bpf_timer *timer, void *map, __u64 flags) = (void *)169;
static long (*timer_set_callback)(struct bpf_timer *timer, void *callback) = (void *)170;
static long (*timer_start)(struct bpf_timer *timer, __u64 nanos, __u64 flags) = (void *)171;
static long (*timer_cancel)(struct bpf_timer *timer) = (void *)172;
extern int bpf_timer_cancel_async(struct bpf_timer *timer) __ksym;
extern int bpf_wq_init(struct bpf_wq *wq, void *map, unsigned int flags) __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym;
extern int bpf_wq_set_callback(struct bpf_wq *wq, int (*callback)(void *, int *, void *), unsigned int flags) __ksym;

static struct timed *timed(int key)
{
	struct timed zero = {};

	bpf_map_update_elem(&timers, &key, &zero, BPF_ANY);
	return bpf_map_lookup_elem(&timers, &key);
}

static struct queued *queued(int key)
{
	struct queued zero = {};

	bpf_map_update_elem(&queues, &key, &zero, BPF_ANY);
	return bpf_map_lookup_elem(&queues, &key);
}
