#include "kinds.h"

__noinline int reads(struct bpf_iter_num *number)
{
	return number ? number->__opaque[0] & 1 : 0;
}

__noinline int reads_a_number(__u64 *number)
{
	return number ? *number & 1 : 0;
}

SEC("tc")
int refused(struct __sk_buff *skb)
{
	return reads((void *)skb);
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u64 number = skb->len;
	return reads_a_number(&number);
}
