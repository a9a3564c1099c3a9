#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	int result;
	asm volatile("%[result] = r7" : [result] "=r"(result));
	return result;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	int result;
	asm volatile("r7 = 1; %[result] = r7" : [result] "=r"(result) : : "r7");
	return result;
}
