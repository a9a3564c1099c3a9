// Steps that each kind of hash map goes through.
#pragma once
#include "kernel.h"

#define HASH(name, map_type, flags, entries, key_t, value_t)                                                           \
	struct {                                                                                                       \
		__uint(type, map_type);                                                                                \
		__uint(map_flags, flags);                                                                              \
		__uint(max_entries, entries);                                                                          \
		__type(key, key_t);                                                                                    \
		__type(value, value_t);                                                                                \
	} name SEC(".maps")

#define FLAG_STEPS(map)                                                                                                \
	__u32 key = 1, other = 2;                                                                                      \
	__u64 value = 10;                                                                                              \
	__u64 *found;                                                                                                  \
	BEGIN;                                                                                                         \
	REC(bpf_map_delete_elem(&map, &key));                                                                          \
	REC(bpf_map_update_elem(&map, &key, &value, BPF_EXIST));                                                       \
	REC(bpf_map_update_elem(&map, &key, &value, BPF_NOEXIST));                                                     \
	REC(bpf_map_update_elem(&map, &key, &value, BPF_NOEXIST));                                                     \
	value = 11;                                                                                                    \
	REC(bpf_map_update_elem(&map, &key, &value, BPF_EXIST));                                                       \
	found = bpf_map_lookup_elem(&map, &key);                                                                       \
	REC(found ? *found : -1);                                                                                      \
	REC(bpf_map_update_elem(&map, &key, &value, 3));                                                               \
	REC(bpf_map_update_elem(&map, &key, &value, 8));                                                               \
	REC(bpf_map_update_elem(&map, &other, &value, BPF_F_LOCK));                                                    \
	REC(bpf_map_lookup_elem(&map, &other) != NULL);                                                                \
	value = 12;                                                                                                    \
	REC(bpf_map_update_elem(&map, &other, &value, BPF_ANY));                                                       \
	REC(bpf_map_delete_elem(&map, &key));                                                                          \
	REC(bpf_map_delete_elem(&map, &key));                                                                          \
	REC(bpf_map_lookup_elem(&map, &key) != NULL);                                                                  \
	DONE

#define FULL_STEPS(map, entries)                                                                                       \
	__u32 key;                                                                                                     \
	__u64 value = 1;                                                                                               \
	BEGIN;                                                                                                         \
	EACH(key, 0, entries + 2)                                                                        \
		REC(bpf_map_update_elem(&map, &key, &value, BPF_ANY));                                                 \
	key = 1;                                                                                                       \
	value = 2;                                                                                                     \
	REC(bpf_map_update_elem(&map, &key, &value, BPF_ANY));                                                         \
	REC(bpf_map_delete_elem(&map, &key));                                                                          \
	key = 100;                                                                                                     \
	REC(bpf_map_update_elem(&map, &key, &value, BPF_ANY));                                                         \
	key = 101;                                                                                                     \
	REC(bpf_map_update_elem(&map, &key, &value, BPF_ANY));                                                         \
	DONE
