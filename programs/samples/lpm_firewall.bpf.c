// Drops packets by the longest matching prefix of their source address. `block` adds a prefix while packets are
// looked up; the trie's lock guards the writers, and readers take none. Linux 6.18 refuses `block`: syscall programs may
// sleep, and such programs could not use a trie then.
// Try: spinbpf stress lpm_firewall.bpf.o --cpus 2 --duration 5s
#include "sample.h"

struct prefix {
	__u32 bits;
	__be32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u32);
} verdicts SEC(".maps");

__u64 dropped, passed, update_failures;

SEC("xdp")
int filter(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct prefix key = {.bits = 32};
	__u32 *verdict;

	if ((void *)(ip + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	key.address = ip->saddr;
	verdict = bpf_map_lookup_elem(&verdicts, &key);
	if (verdict && *verdict == XDP_DROP) {
		__sync_fetch_and_add(&dropped, 1);
		return XDP_DROP;
	}
	__sync_fetch_and_add(&passed, 1);
	return XDP_PASS;
}

SEC("syscall")
int block(void *ctx)
{
	struct prefix key = {.bits = 8 + (bpf_get_prandom_u32() & 15), .address = bpf_get_prandom_u32()};
	__u32 verdict = XDP_DROP;

	if (bpf_map_update_elem(&verdicts, &key, &verdict, BPF_ANY)) {
		__sync_fetch_and_add(&update_failures, 1);
		bpf_map_delete_elem(&verdicts, &key);
	}
	return 0;
}
