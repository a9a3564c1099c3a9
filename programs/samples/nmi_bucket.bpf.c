// An NMI cannot be masked, so a perf_event program can land while the program below updates a hash map and holds the
// lock of a bucket. If both want the same bucket, the NMI's update fails with -EDEADLK and leaves the map unchanged.
// The map has few buckets so that it happens often.
// Try: spinbpf stress nmi_bucket.bpf.o --cpus 2 --duration 5s --nmi-every 1ms
#include "sample.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

__u64 nmi_updates, nmi_deadlocks, nmi_other_errors;

SEC("tc")
int update(struct __sk_buff *ctx)
{
	__u32 key = bpf_get_prandom_u32() & 3;
	__u64 value = bpf_ktime_get_ns();

	bpf_map_update_elem(&counts, &key, &value, BPF_ANY);
	return TC_ACT_OK;
}

SEC("perf_event")
int on_nmi(struct bpf_perf_event_data *ctx)
{
	__u32 key = bpf_get_prandom_u32() & 3;
	__u64 value = 0;
	long err = bpf_map_update_elem(&counts, &key, &value, BPF_ANY);

	if (!err)
		__sync_fetch_and_add(&nmi_updates, 1);
	else if (err == -35)
		__sync_fetch_and_add(&nmi_deadlocks, 1);
	else
		__sync_fetch_and_add(&nmi_other_errors, 1);
	return 0;
}
