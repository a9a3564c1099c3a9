#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	__u64 number = skb->len;
	for (int i = 0; i < 2000000; i++)
		asm volatile("%[number] += 1" : [number] "+r"(number));
	return number & 1;
}

static long add_one(__u32 i, void *context)
{
	__u64 *number = context;
	*number += 1;
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u64 number = skb->len;
	bpf_loop(2000000, add_one, &number, 0);
	return number & 1;
}
