// Arrays, per-CPU arrays and global data.
#include "kernel.h"

struct locked {
	__u64 before;
	struct bpf_spin_lock lock;
	__u32 after;
};
struct odd {
	char bytes[13];
};

#define ARRAY(name, map_type, flags, entries, value_t)                                                                 \
	struct {                                                                                                       \
		__uint(type, map_type);                                                                                \
		__uint(map_flags, flags);                                                                              \
		__uint(max_entries, entries);                                                                          \
		__type(key, __u32);                                                                                    \
		__type(value, value_t);                                                                                \
	} name SEC(".maps")

ARRAY(plain, BPF_MAP_TYPE_ARRAY, 0, 5, __u64);
ARRAY(mapped, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, 3, __u32);
ARRAY(read_only, BPF_MAP_TYPE_ARRAY, BPF_F_RDONLY_PROG, 2, __u64);
ARRAY(odd_sized, BPF_MAP_TYPE_ARRAY, 0, 3, struct odd);
ARRAY(guarded, BPF_MAP_TYPE_ARRAY, 0, 2, struct locked);
ARRAY(percpu, BPF_MAP_TYPE_PERCPU_ARRAY, 0, 3, __u32);
ARRAY(percpu_odd, BPF_MAP_TYPE_PERCPU_ARRAY, 0, 2, struct odd);

int initialised = 42;
static volatile const int constant = 7;
char text[6] = "hello";

SEC("tc") int array_bounds(struct __sk_buff *skb)
{
	__u64 value = 3, *found;
	__u32 key = 4;
	BEGIN;

	REC(bpf_map_update_elem(&plain, &key, &value, BPF_ANY));
	REC(bpf_map_update_elem(&plain, &key, &value, BPF_NOEXIST));
	value = 4;
	REC(bpf_map_update_elem(&plain, &key, &value, BPF_EXIST));
	REC(bpf_map_update_elem(&plain, &key, &value, 3));
	REC(bpf_map_update_elem(&plain, &key, &value, BPF_F_LOCK));
	REC(bpf_map_delete_elem(&plain, &key));
	found = bpf_map_lookup_elem(&plain, &key);
	REC(found ? *found : -1);
	key = 5;
	REC(bpf_map_update_elem(&plain, &key, &value, BPF_ANY));
	REC(bpf_map_update_elem(&plain, &key, &value, BPF_NOEXIST));
	REC(bpf_map_lookup_elem(&plain, &key) != NULL);
	REC(bpf_map_delete_elem(&plain, &key));
	key = -1;
	REC(bpf_map_lookup_elem(&plain, &key) != NULL);
	key = 0;
	found = bpf_map_lookup_elem(&plain, &key);
	if (found)
		__sync_fetch_and_add(found, 9);
	DONE;
}

struct walk {
	__u64 order;
	__u32 count;
};

static long walk_array(void *map, __u32 *key, __u64 *value, struct walk *walk)
{
	walk->order = walk->order * 10 + *key + *value;
	*value += *key;
	return *key == 3;
}

SEC("tc") int array_walk(struct __sk_buff *skb)
{
	struct walk walk = {};
	__u64 value = 2;
	__u32 key = 1;
	BEGIN;

	bpf_map_update_elem(&plain, &key, &value, BPF_ANY);
	REC(bpf_for_each_map_elem(&plain, walk_array, &walk, 0));
	REC(walk.order);
	REC(bpf_for_each_map_elem(&plain, walk_array, &walk, 0));
	REC(walk.order);
	REC(bpf_for_each_map_elem(&plain, walk_array, &walk, 2));
	DONE;
}

SEC("tc") int array_odd_values(struct __sk_buff *skb)
{
	struct odd value = { .bytes = "twelve bytes" }, *found;
	__u32 key;
	BEGIN;

	EACH(key, 0, 3) {
		value.bytes[0] = 'a' + key;
		REC(bpf_map_update_elem(&odd_sized, &key, &value, BPF_ANY));
	}
	key = 1;
	found = bpf_map_lookup_elem(&odd_sized, &key);
	if (found) {
		REC(found->bytes[0]);
		found->bytes[12] = '!';
	}
	REC(bpf_map_update_elem(&percpu_odd, &key, &value, BPF_ANY));
	DONE;
}

SEC("tc") int array_value_with_lock(struct __sk_buff *skb)
{
	struct locked value = { .before = 1, .after = 2 }, *found;
	__u32 key = 1;
	BEGIN;

	value.lock.val = 123;
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_ANY));
	value.before = 10;
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_F_LOCK));
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_NOEXIST | BPF_F_LOCK));
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_EXIST | BPF_F_LOCK));
	found = bpf_map_lookup_elem(&guarded, &key);
	if (!found)
		return -1;
	bpf_spin_lock(&found->lock);
	found->after = found->before + 5;
	bpf_spin_unlock(&found->lock);
	REC(found->after);
	DONE;
}

SEC("tc") int percpu_array_values(struct __sk_buff *skb)
{
	__u32 key = 1, value = 6, *found;
	BEGIN;

	REC(bpf_map_update_elem(&percpu, &key, &value, BPF_ANY));
	REC(bpf_map_update_elem(&percpu, &key, &value, BPF_NOEXIST));
	found = bpf_map_lookup_percpu_elem(&percpu, &key, 1);
	REC(found ? *found : -1);
	if (found)
		*found = 77;
	REC(bpf_map_lookup_percpu_elem(&percpu, &key, 9999) != NULL);
	found = bpf_map_lookup_elem(&percpu, &key);
	REC(found ? *found : -1);
	REC(bpf_map_delete_elem(&percpu, &key));
	key = 3;
	REC(bpf_map_lookup_elem(&percpu, &key) != NULL);
	REC(bpf_map_lookup_percpu_elem(&percpu, &key, 0) != NULL);
	REC(bpf_map_update_elem(&percpu, &key, &value, BPF_ANY));
	DONE;
}

SEC("tc") int array_kinds(struct __sk_buff *skb)
{
	__u32 key = 2, value = 5, *number;
	__u64 *found;
	BEGIN;

	REC(bpf_map_update_elem(&mapped, &key, &value, BPF_ANY));
	number = bpf_map_lookup_elem(&mapped, &key);
	REC(number ? *number : -1);
	key = 1;
	found = bpf_map_lookup_elem(&read_only, &key);
	REC(found ? *found : -1);
	DONE;
}

SEC("tc") int global_data(struct __sk_buff *skb)
{
	BEGIN;

	REC(initialised);
	initialised += constant;
	REC(initialised);
	REC(text[1]);
	text[0] = 'J';
	REC(__sync_fetch_and_add(&initialised, 1));
	DONE;
}
