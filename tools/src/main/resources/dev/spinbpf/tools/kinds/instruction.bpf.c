#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	int result;
	asm volatile("r7 = 8; r7 <<= 64; %[result] = r7" : [result] "=r"(result) : : "r7");
	return result;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	int result;
	asm volatile("r7 = 8; r7 <<= 63; %[result] = r7" : [result] "=r"(result) : : "r7");
	return result;
}
