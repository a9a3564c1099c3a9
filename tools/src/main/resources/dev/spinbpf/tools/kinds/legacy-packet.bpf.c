#include "kinds.h"

SEC("xdp")
int refused(struct xdp_md *context)
{
	__u64 byte;
	asm volatile("r6 = %1; r0 = *(u8 *)skb[12]; %0 = r0"
		     : "=r"(byte)
		     : "r"(context)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6");
	return byte ? 2 : 1;
}

SEC("socket")
int mended(struct __sk_buff *skb)
{
	__u8 byte = 0;
	bpf_skb_load_bytes(skb, 12, &byte, sizeof(byte));
	return byte;
}
