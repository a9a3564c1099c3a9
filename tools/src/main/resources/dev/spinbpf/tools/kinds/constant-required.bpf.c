#include "kinds.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	__u64 *event = bpf_ringbuf_reserve(&events, skb->len, 0);
	if (event)
		bpf_ringbuf_discard(event, 0);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (event)
		bpf_ringbuf_discard(event, 0);
	return 0;
}
