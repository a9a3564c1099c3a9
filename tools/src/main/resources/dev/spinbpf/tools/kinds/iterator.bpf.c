#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	struct bpf_iter_num numbers;
	return bpf_iter_num_next(&numbers) ? 1 : 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	struct bpf_iter_num numbers;
	int result;
	bpf_iter_num_new(&numbers, 0, 4);
	result = bpf_iter_num_next(&numbers) ? 1 : 0;
	bpf_iter_num_destroy(&numbers);
	return result;
}
