// An NMI updates the hash map that the packet below has a bucket lock of.
#include "../sample.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} latest SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} samples SEC(".maps");

SEC("tc")
int packet(struct __sk_buff *ctx)
{
	__u32 key = 0;
	__u64 value = ctx->len;

	bpf_map_update_elem(&latest, &key, &value, BPF_ANY);
	return TC_ACT_OK;
}

SEC("perf_event")
int on_nmi(struct bpf_perf_event_data *ctx)
{
	__u32 key = 0;
#ifdef MENDED
	__u64 *count = bpf_map_lookup_elem(&samples, &key);

	if (count)
		++*count;
#else
	__u64 value = 1;

	bpf_map_update_elem(&latest, &key, &value, BPF_ANY);
#endif
	return 0;
}
