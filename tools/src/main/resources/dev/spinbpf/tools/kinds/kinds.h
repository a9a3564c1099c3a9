// What the programs of the kinds need beside the declarations of the samples. Names, numbers and layouts are Linux's;
// programs of your own have all of it from vmlinux.h and <bpf/bpf_helpers.h>.
#pragma once
#include "sample.h"

#define BPF_MAP_TYPE_RINGBUF 27
#define BPF_MAP_TYPE_ARENA 33
#define BPF_F_MMAPABLE 1024
#define CLOCK_MONOTONIC 1
#define NULL ((void *)0)
#define __contains(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define bpf_obj_new(type) ((typeof(type) *)bpf_obj_new_impl(__builtin_btf_type_id(*(typeof(type) *)0, 0), NULL))
#define bpf_obj_drop(object) bpf_obj_drop_impl(object, NULL)
#define bpf_list_push_front(head, node) bpf_list_push_front_impl(head, node, NULL, 0)

struct bpf_list_head {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_list_node {
	__u64 __opaque[3];
} __attribute__((aligned(8)));
struct bpf_timer {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_dynptr {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

static long (*const bpf_probe_read_kernel)(void *to, __u32 size, const void *from) = (void *)113;
static void (*const bpf_spin_lock)(struct bpf_spin_lock *lock) = (void *)93;
static void (*const bpf_spin_unlock)(struct bpf_spin_lock *lock) = (void *)94;
static void *(*const bpf_ringbuf_reserve)(void *ringbuf, __u64 size, __u64 flags) = (void *)131;
static void (*const bpf_ringbuf_submit)(void *data, __u64 flags) = (void *)132;
static void (*const bpf_ringbuf_discard)(void *data, __u64 flags) = (void *)133;
static long (*const bpf_ringbuf_reserve_dynptr)(void *ringbuf, __u32 size, __u64 flags, struct bpf_dynptr *data) =
	(void *)198;
static void (*const bpf_ringbuf_submit_dynptr)(struct bpf_dynptr *data, __u64 flags) = (void *)199;
static long (*const bpf_dynptr_write)(struct bpf_dynptr *to, __u32 offset, void *from, __u32 size, __u64 flags) =
	(void *)202;
static long (*const bpf_loop)(__u32 rounds, void *function, void *context, __u64 flags) = (void *)181;
static long (*const bpf_for_each_map_elem)(void *map, void *function, void *context, __u64 flags) = (void *)164;
static long (*const bpf_timer_init)(struct bpf_timer *timer, void *map, __u64 clock) = (void *)169;
static long (*const bpf_timer_set_callback)(struct bpf_timer *timer, void *function) = (void *)170;
static long (*const bpf_copy_from_user)(void *to, __u32 size, const void *from) = (void *)148;
static long (*const bpf_skb_load_bytes)(const void *skb, __u32 offset, void *to, __u32 size) = (void *)26;
static long (*const bpf_get_current_comm)(void *to, __u32 size) = (void *)16;

void *bpf_obj_new_impl(__u64 local_type_id, void *meta) __ksym;
void bpf_obj_drop_impl(void *object, void *meta) __ksym;
int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, __u64 offset) __ksym;
void bpf_preempt_disable(void) __ksym;
void bpf_preempt_enable(void) __ksym;
void bpf_rcu_read_lock(void) __ksym;
void bpf_rcu_read_unlock(void) __ksym;
void bpf_local_irq_save(unsigned long *flags) __ksym;
void bpf_local_irq_restore(unsigned long *flags) __ksym;
int bpf_iter_num_new(struct bpf_iter_num *iterator, int from, int to) __ksym;
int *bpf_iter_num_next(struct bpf_iter_num *iterator) __ksym;
void bpf_iter_num_destroy(struct bpf_iter_num *iterator) __ksym;

#define bpf_core_field_exists(field) __builtin_preserve_field_info(field, 2)
