#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	asm volatile("1: if %[length] != 0 goto 1b" : : [length] "r"(skb->len));
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	asm volatile("r7 = 0; 1: r7 += 1; if r7 < 8 goto 1b" : : : "r7");
	return 0;
}
