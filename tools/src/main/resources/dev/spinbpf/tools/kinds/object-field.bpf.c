#include "kinds.h"

struct timed {
	struct bpf_timer timer;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct timed);
} timers SEC(".maps"), others SEC(".maps");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct timed *value = bpf_map_lookup_elem(&timers, &key);
	return value ? bpf_timer_init(&value->timer, &others, CLOCK_MONOTONIC) : 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct timed *value = bpf_map_lookup_elem(&timers, &key);
	return value ? bpf_timer_init(&value->timer, &timers, CLOCK_MONOTONIC) : 0;
}
