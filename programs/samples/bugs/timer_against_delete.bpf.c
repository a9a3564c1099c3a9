// The timer's callback closes its session although somebody else deleted it a moment before: it is counted twice.
#include "../sample.h"

struct bpf_timer {
	__u64 opaque[2];
} __attribute__((aligned(8)));

static long (*const bpf_timer_init)(struct bpf_timer *timer, void *map, __u64 flags) = (void *)169;
static long (*const bpf_timer_set_callback)(struct bpf_timer *timer, void *callback) = (void *)170;
static long (*const bpf_timer_start)(struct bpf_timer *timer, __u64 nanos, __u64 flags) = (void *)171;

enum { CLOCK_MONOTONIC = 1 };

struct session {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct session);
} sessions SEC(".maps");

static __u64 opened, closed;

static int expire(void *map, __u32 *key, struct session *session)
{
	__u32 id = *key;

#ifdef MENDED
	if (bpf_map_delete_elem(&sessions, &id))
		return 0;
#else
	bpf_map_delete_elem(&sessions, &id);
#endif
	__sync_fetch_and_add(&closed, 1);
	return 0;
}

SEC("tc")
int open_session(struct __sk_buff *ctx)
{
	struct session fresh = {};
	struct session *session;
	__u32 id = 7;

	if (bpf_map_update_elem(&sessions, &id, &fresh, BPF_NOEXIST))
		return TC_ACT_OK;
	__sync_fetch_and_add(&opened, 1);
	session = bpf_map_lookup_elem(&sessions, &id);
	if (!session)
		return TC_ACT_OK;
	bpf_timer_init(&session->timer, &sessions, CLOCK_MONOTONIC);
	bpf_timer_set_callback(&session->timer, expire);
	bpf_timer_start(&session->timer, 1000000, 0);
	return TC_ACT_OK;
}

SEC("tc")
int close_session(struct __sk_buff *ctx)
{
	__u32 id = 7;

	if (!bpf_map_delete_elem(&sessions, &id))
		__sync_fetch_and_add(&closed, 1);
	return TC_ACT_OK;
}
