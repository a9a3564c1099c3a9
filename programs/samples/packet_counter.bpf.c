// Counts IPv4 packets by protocol in a per-CPU array. No lock: each CPU has its own counters.
// Try: spinbpf run packet_counter.bpf.o --ctx hex:... --dump-maps
#include "sample.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	__u64 *counter;
	__u32 key;

	if ((void *)(ip + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	key = ip->protocol;
	counter = bpf_map_lookup_elem(&packets, &key);
	if (counter)
		(*counter)++;
	return XDP_PASS;
}
