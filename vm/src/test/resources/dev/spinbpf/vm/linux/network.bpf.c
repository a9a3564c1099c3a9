// Internet checksums of any length; loads from where there is no memory; contexts of packet programs.
#include "kernel.h"

void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;

struct bpf_flow_keys {
	__u16 nhoff, thoff, addr_proto;
	__u8 is_frag, is_first_frag, is_encap, ip_proto;
	__u16 n_proto, sport, dport;
	__u32 addresses[8], flags, flow_label;
};

#define DIFF(name, from_size, to_size, seed)                                                                           \
	SEC("tc") int name(struct __sk_buff *skb)                                                                      \
	{                                                                                                              \
		__u8 from[32] = { 1, 2, 3, 4, 0xff, 0xff, 7, 8, 9, 10, 0xfe, 12, 13 };                                 \
		__u8 to[32] = { 0xf1, 0xf2, 0xf3, 0xf4, 5, 6, 0xf7, 8, 0xff, 0xff, 0xff, 0xff, 1 };                    \
                                                                                                                       \
		return bpf_csum_diff((void *)from, from_size, (void *)to, to_size, seed);                              \
	}

DIFF(push, 0, 12, 0)
DIFF(push_odd, 0, 7, 0x12345678)
DIFF(push_seeded, 0, 32, 0xffffffff)
DIFF(pull, 12, 0, 0)
DIFF(pull_odd, 5, 0, 0x89abcdef)
DIFF(difference, 12, 12, 0)
DIFF(difference_odd, 3, 9, 77)
DIFF(none, 0, 0, 0xabcd1234)

SEC("tc") int pull_zeros(struct __sk_buff *skb)
{
	__u64 zeros = 0;

	return bpf_csum_diff((void *)&zeros, 4, 0, 0, 0);
}

SEC("tc") int same(struct __sk_buff *skb)
{
	__u64 word = 0x1122334455667788;

	return bpf_csum_diff((void *)&word, 8, (void *)&word, 8, 0);
}

SEC("tc") int probes_yield_zero(struct __sk_buff *skb)
{
	__u64 *nowhere = bpf_rdonly_cast((void *)16, 0);
	__s8 *far = bpf_rdonly_cast((void *)0x7fffffffffff0000, 0);

	return 5 + (int)*nowhere + nowhere[1] + *far;
}

SEC("flow_dissector") int flow_keys(struct __sk_buff *skb)
{
	struct bpf_flow_keys *keys = *(struct bpf_flow_keys **)((void *)skb + 144);

	return keys->nhoff + 100 * keys->thoff + 10000 * (keys->n_proto + keys->ip_proto + keys->flags);
}

SEC("lwt_xmit") int lwt_length(struct __sk_buff *skb)
{
	return 1000 * (skb->data_end - skb->data) + skb->len;
}

/* Without the Ethernet header, which lies before the packet. */
SEC("socket") int socket_length(struct __sk_buff *skb)
{
	return 1000 * skb->len + skb->protocol;
}

SEC("cgroup_skb/ingress") int cgroup_length(struct __sk_buff *skb)
{
	return (skb->data_end - skb->data) & 1;
}

SEC("cgroup_skb/egress") int cgroup_version(struct __sk_buff *skb)
{
	__u8 byte = 7;

	bpf_skb_load_bytes(skb, 49, &byte, 1);
	return byte == 0 && bpf_skb_load_bytes(skb, 50, &byte, 1) < 0;
}
