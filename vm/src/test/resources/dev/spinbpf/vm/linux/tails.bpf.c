// Tail calls; all programs are loaded.
#include "kernel.h"

int tail_a(struct __sk_buff *skb);
int tail_b(struct __sk_buff *skb);
int tail_self(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, int(void *));
} targets SEC(".maps") = { .values = { [0] = (void *)&tail_a, [1] = (void *)&tail_b, [3] = (void *)&tail_self } };

SEC("tc") int tail_a(struct __sk_buff *skb)
{
	out[1]++;
	bpf_tail_call(skb, &targets, 1);
	return 1;
}

SEC("tc") int tail_b(struct __sk_buff *skb)
{
	out[2]++;
	bpf_tail_call(skb, &targets, 2);
	return 12345;
}

SEC("tc") int tail_self(struct __sk_buff *skb)
{
	out[3]++;
	bpf_tail_call(skb, &targets, 3);
	return 777;
}
