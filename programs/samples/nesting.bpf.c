// A tour of what can go wrong, and what must not: three programs that Linux refuses, and five that run nested into each
// other on all CPUs and meet AA, ABBA and busy bucket locks.
// Try: spinbpf stress nesting.bpf.o --cpus 2 --duration 5s
#include "sample.h"

struct session {
	struct bpf_res_spin_lock lock;
	__u32 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct session);
} sessions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} latest SEC(".maps");

static struct bpf_res_spin_lock table SEC(".data.table");
static struct bpf_res_spin_lock stats SEC(".data.stats");
__u64 total, contended, deadlocks;

/* Task: takes `table`, then `stats`. */
SEC("syscall")
int update_table(void *ctx)
{
	if (bpf_res_spin_lock(&table))
		goto failed;
	for (int i = 0; i < 100; i++)
		READ_ONCE(total);
	if (bpf_res_spin_lock(&stats)) {
		bpf_res_spin_unlock(&table);
		goto failed;
	}
	total++;
	bpf_res_spin_unlock(&stats);
	bpf_res_spin_unlock(&table);
	return 0;
failed:
	__sync_fetch_and_add(&deadlocks, 1);
	return 0;
}

/* Softirq: takes `stats`, then `table`: the opposite order. */
SEC("tc")
int account(struct __sk_buff *ctx)
{
	__u32 key = bpf_get_prandom_u32() & 1;
	struct session *session = bpf_map_lookup_elem(&sessions, &key);

	if (!session)
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&session->lock))
		return TC_ACT_OK;
	session->packets++;
	session->bytes += ctx->len;
	bpf_res_spin_unlock(&session->lock);

	if (bpf_res_spin_lock(&stats))
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&table)) {
		bpf_res_spin_unlock(&stats);
		return TC_ACT_OK;
	}
	total++;
	bpf_res_spin_unlock(&table);
	bpf_res_spin_unlock(&stats);
	return TC_ACT_OK;
}

/* Task: updates the hash map that the NMI updates too. */
SEC("syscall")
int remember(void *ctx)
{
	__u32 key = bpf_get_prandom_u32() & 3;
	__u64 now = bpf_ktime_get_ns();

	return bpf_map_update_elem(&latest, &key, &now, BPF_ANY);
}

/* NMI: may land while the bucket is locked below. */
SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	__u32 key = bpf_get_prandom_u32() & 3;
	__u64 now = 0;

	bpf_map_update_elem(&latest, &key, &now, BPF_ANY);
	return 0;
}

/* Inside the lock's slow path, on the CPU that waits. */
SEC("tp_btf/contention_begin")
int on_contention(__u64 *ctx)
{
	if (bpf_res_spin_lock(&table))
		return 0;
	contended++;
	bpf_res_spin_unlock(&table);
	return 0;
}

/* Refused: returns with the lock held if the second one cannot be had. */
SEC("tc")
int refused_leak(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&table))
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&stats))
		return TC_ACT_SHOT;
	total++;
	bpf_res_spin_unlock(&stats);
	bpf_res_spin_unlock(&table);
	return TC_ACT_OK;
}

/* Refused: unlocks the lock that was taken first. */
SEC("tc")
int refused_order(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&table))
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&stats)) {
		bpf_res_spin_unlock(&table);
		return TC_ACT_OK;
	}
	bpf_res_spin_unlock(&table);
	bpf_res_spin_unlock(&stats);
	return TC_ACT_OK;
}

/* Refused up to Linux 7.2: an NMI program may not use a map that holds a lock. */
SEC("perf_event")
int refused_type(struct bpf_perf_event_data *ctx)
{
	__u32 key = 0;
	struct session *session = bpf_map_lookup_elem(&sessions, &key);

	return session ? (int)session->packets : 0;
}
