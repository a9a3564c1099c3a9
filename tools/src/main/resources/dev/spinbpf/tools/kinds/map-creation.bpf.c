#include "kinds.h"

struct prefix {
	__u32 length;
	__u8 address[4];
};
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
#ifdef MENDED
	__uint(map_flags, BPF_F_NO_PREALLOC);
#endif
	__uint(max_entries, 16);
	__type(key, struct prefix);
	__type(value, __u64);
} routes SEC(".maps");

SEC("xdp")
int program(struct xdp_md *context)
{
	struct prefix key = {32, {10, 0, 0, 1}};
	return bpf_map_lookup_elem(&routes, &key) ? 2 : 1;
}
