// Helpers of packet programs and of all programs that need nothing else: checksums, hashes, cgroups, counters.
#include "../kernel.h"

static long (*csum_level)(struct __sk_buff *skb, __u64 level) = (void *)135;
static long (*csum_update)(struct __sk_buff *skb, __u32 sum) = (void *)40;
static long (*set_hash)(struct __sk_buff *skb, __u32 hash) = (void *)48;
static long (*set_hash_invalid)(struct __sk_buff *skb) = (void *)41;
static long (*get_hash)(struct __sk_buff *skb) = (void *)34;
static long (*get_route_realm)(struct __sk_buff *skb) = (void *)24;
static long (*get_cgroup_classid)(struct __sk_buff *skb) = (void *)17;
static long (*get_socket_uid)(struct __sk_buff *skb) = (void *)47;
static long (*skb_under_cgroup)(struct __sk_buff *skb, void *map, __u32 index) = (void *)33;
static long (*task_under_cgroup)(void *map, __u32 index) = (void *)37;
static long (*ancestor_cgroup)(int level) = (void *)123;
static long (*ns_pid_tgid)(__u64 device, __u64 inode, void *to, __u32 size) = (void *)120;
static long (*perf_event_read)(void *map, __u64 flags) = (void *)22;
static long (*perf_event_read_value)(void *map, __u64 flags, void *to, __u32 size) = (void *)55;
static long (*skb_load)(const void *skb, __u32 offset, void *to, __u32 size) = (void *)26;
static long (*skb_store)(void *skb, __u32 offset, const void *from, __u32 size, __u64 flags) = (void *)9;
static long (*skb_pull)(void *skb, __u32 length) = (void *)39;
static long (*skb_change_tail)(void *skb, __u32 length, __u64 flags) = (void *)38;
static long (*load_relative)(const void *skb, __u32 offset, void *to, __u32 size, __u32 start) = (void *)68;
static long (*snprintf_)(char *to, __u32 size, const char *format, __u64 *data, __u32 bytes) = (void *)165;
static long (*strtol_)(const char *text, __u64 size, __u64 flags, long *to) = (void *)105;
static long (*strtoul_)(const char *text, __u64 size, __u64 flags, unsigned long *to) = (void *)106;
static long (*strncmp_)(const char *text, __u32 size, const char *other) = (void *)182;

#define TC(name) SEC("tc") int name(struct __sk_buff *skb)

struct {
	__uint(type, 8);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} groups SEC(".maps");

struct {
	__uint(type, 4);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

TC(level_query) { return csum_level(skb, 0); }
TC(level_increment) { return csum_level(skb, 1); }
TC(level_decrement) { return csum_level(skb, 2); }
TC(level_reset) { return csum_level(skb, 3); }
TC(level_unknown) { return csum_level(skb, 4); }
TC(sum_update) { return csum_update(skb, 5); }
TC(hash_set) { return set_hash(skb, 77); }
TC(hash_read) { set_hash(skb, 77); return skb->hash; }
TC(hash_recomputed) { set_hash(skb, 77); return get_hash(skb) == 77; }
TC(hash_forgotten) { set_hash(skb, 77); set_hash_invalid(skb); return skb->hash; }
TC(realm) { return get_route_realm(skb); }
TC(class_id) { return get_cgroup_classid(skb); }
TC(socket_uid) { return get_socket_uid(skb); }
TC(no_group) { return skb_under_cgroup(skb, &groups, 0); }
TC(no_such_group) { return skb_under_cgroup(skb, &groups, 2); }
TC(no_group_of_task) { return task_under_cgroup(&groups, 1); }
TC(no_such_group_of_task) { return task_under_cgroup(&groups, 9); }
TC(ancestor_root) { return ancestor_cgroup(0); }
TC(ancestor_deep) { return ancestor_cgroup(7); }
TC(ancestor_below) { return ancestor_cgroup(-1); }
TC(namespace_size) { __u64 to[2] = {}; return ns_pid_tgid(1, 2, to, 16); }
TC(namespace_unknown) { __u64 to[1] = {}; return ns_pid_tgid(1, 2, to, 8); }
TC(counter_none) { return perf_event_read(&events, 0); }
TC(counter_beyond) { return perf_event_read(&events, 5); }
TC(counter_flags) { return perf_event_read(&events, 1ull << 40); }
TC(counter_value_none) { __u64 to[3] = {}; return perf_event_read_value(&events, 0, to, 24); }
TC(counter_value_size) { __u64 to[4] = {}; return perf_event_read_value(&events, 0, to, 32); }
TC(pull_all) { return skb_pull(skb, 0); }
TC(pull_too_much) { return skb_pull(skb, 100); }
TC(tail_shorter) { long r = skb_change_tail(skb, 40, 0); return r * 1000 + skb->len; }
TC(tail_longer) { long r = skb_change_tail(skb, 100, 0); return r * 1000 + skb->len; }
TC(tail_flags) { return skb_change_tail(skb, 40, 1); }
TC(tail_too_short) { return skb_change_tail(skb, 4, 0); }
TC(store_flags) { __u32 v = 1; return skb_store(skb, 0, &v, 4, 4); }
TC(store_sum) { __u32 v = 1; return skb_store(skb, 20, &v, 4, 1); }
TC(store_beyond) { __u32 v = 1; return skb_store(skb, 62, &v, 4, 0); }
TC(load_beyond) { __u32 v = 1; long r = skb_load(skb, 62, &v, 4); return r * 10 + v; }
TC(relative_mac) { __u32 v = 1; long r = load_relative(skb, 0, &v, 4, 0); return r * 10 + v; }
TC(relative_net) { __u32 v = 1; long r = load_relative(skb, 0, &v, 4, 1); return r * 10 + v; }
TC(relative_unknown) { __u32 v = 1; long r = load_relative(skb, 0, &v, 4, 2); return r * 10 + v; }
TC(relative_beyond) { __u32 v = 1; long r = load_relative(skb, 50, &v, 4, 1); return r * 10 + v; }

static const char formats[4][16] = {"%d %x", "%s", "%5d|%-5d|%05d", "%llu%%"};

TC(print_numbers)
{
	char to[16] = {};
	__u64 data[2] = {(__u64)-5, 255};
	long r = snprintf_(to, sizeof(to), formats[0], data, 16);

	return r * 10000 + to[0] + to[1] * 2 + to[3] * 3 + to[4] * 5;
}

TC(print_padded)
{
	char to[32] = {};
	__u64 data[3] = {1, 2, 3};
	long r = snprintf_(to, sizeof(to), formats[2], data, 24);

	return r * 10000 + to[0] + to[4] * 2 + to[6] * 3 + to[12] * 5 + to[16] * 7;
}

TC(print_cut)
{
	char to[4] = {};
	__u64 data[2] = {123456, 255};
	long r = snprintf_(to, sizeof(to), formats[0], data, 16);

	return r * 10000 + to[0] + to[1] * 2 + to[3] * 3;
}

TC(print_percent)
{
	char to[16] = {};
	__u64 data[1] = {99};
	long r = snprintf_(to, sizeof(to), formats[3], data, 8);

	return r * 10000 + to[0] + to[2] * 2;
}

static long number(const char *text, __u64 size, __u64 base)
{
	long to = 0;
	long r = strtol_(text, size, base, &to);

	return r * 100000 + to;
}

static long unsigned_number(const char *text, __u64 size, __u64 base)
{
	unsigned long to = 0;
	long r = strtoul_(text, size, base, &to);

	return r * 100000 + to;
}

static const char texts[8][8] = {"-12", "0x1f", "077", "abc", "  9", "12abc", "-", ""};

TC(number_negative) { return number(texts[0], 4, 0); }
TC(number_hex) { return number(texts[1], 5, 0); }
TC(number_octal) { return number(texts[2], 4, 0); }
TC(number_none) { return number(texts[3], 4, 0); }
TC(number_after_space) { return number(texts[4], 4, 10); }
TC(number_before_text) { return number(texts[5], 6, 10); }
TC(number_sign_alone) { return number(texts[6], 2, 10); }
TC(number_empty) { return number(texts[7], 1, 10); }
TC(number_base) { return number(texts[0], 4, 7); }
TC(number_hex_digits) { return number(texts[3], 4, 16); }
TC(unsigned_negative) { return unsigned_number(texts[0], 4, 0); }
TC(unsigned_hex) { return unsigned_number(texts[1], 5, 16); }
TC(unsigned_cut) { return unsigned_number(texts[5], 1, 10); }
