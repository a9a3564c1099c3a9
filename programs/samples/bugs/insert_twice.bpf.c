// Two CPUs see the first packet of a flow. The second one replaces the count that the first has put into the map.
#include "../sample.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

#ifdef MENDED
#define HOW BPF_NOEXIST
#else
#define HOW BPF_ANY
#endif

SEC("tc")
int count(struct __sk_buff *ctx)
{
	__u32 flow = 7;
	__u64 first = 1;
	__u64 *known = bpf_map_lookup_elem(&packets, &flow);

	if (!known) {
		if (!bpf_map_update_elem(&packets, &flow, &first, HOW))
			return TC_ACT_OK;
		known = bpf_map_lookup_elem(&packets, &flow);
	}
	if (known)
		__sync_fetch_and_add(known, 1);
	return TC_ACT_OK;
}
