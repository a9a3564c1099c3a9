#include "kinds.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	__u64 *event = bpf_ringbuf_reserve(&numbers, sizeof(*event), 0);
	if (!event)
		return 1;
	*event = skb->len;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 1;
	*event = skb->len;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
