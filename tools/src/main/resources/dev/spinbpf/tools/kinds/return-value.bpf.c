#include "kinds.h"

SEC("cgroup_skb/egress")
int refused(struct __sk_buff *skb)
{
	return skb->len & 7;
}

SEC("cgroup_skb/egress")
int mended(struct __sk_buff *skb)
{
	return skb->len & 1;
}
