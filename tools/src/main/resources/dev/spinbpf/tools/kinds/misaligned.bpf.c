#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	__u64 value;
	asm volatile("*(u64 *)(r10 - 16) = 0; *(u64 *)(r10 - 8) = 0; %0 = *(u64 *)(r10 - 12)" : "=r"(value));
	return value & 1;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u64 value;
	asm volatile("*(u64 *)(r10 - 16) = 0; *(u64 *)(r10 - 8) = 0; %0 = *(u64 *)(r10 - 16)" : "=r"(value));
	return value & 1;
}
