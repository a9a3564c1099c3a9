#include "kinds.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	struct bpf_dynptr data;
	__u64 number = 1;
	bpf_dynptr_write(&data, 0, &number, sizeof(number), 0);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	struct bpf_dynptr data;
	__u64 number = 1;
	bpf_ringbuf_reserve_dynptr(&events, sizeof(number), 0, &data);
	bpf_dynptr_write(&data, 0, &number, sizeof(number), 0);
	bpf_ringbuf_submit_dynptr(&data, 0);
	return 0;
}
