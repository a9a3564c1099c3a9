#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	char bytes[16] = {};
	__u32 size = skb->len;
	bpf_skb_load_bytes(skb, 0, bytes, size);
	return bytes[0];
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	char bytes[16] = {};
	__u32 size = skb->len;
	if (size == 0 || size > sizeof(bytes))
		return 0;
	bpf_skb_load_bytes(skb, 0, bytes, size);
	return bytes[0];
}
