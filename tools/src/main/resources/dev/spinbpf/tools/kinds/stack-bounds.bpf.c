#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	__u64 result;
	asm volatile("r7 = 1; *(u64 *)(r10 - 520) = r7; %[result] = r7" : [result] "=r"(result) : : "r7");
	return result;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u64 result;
	asm volatile("r7 = 1; *(u64 *)(r10 - 512) = r7; %[result] = r7" : [result] "=r"(result) : : "r7");
	return result;
}
