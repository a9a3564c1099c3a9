// An object is in a list and in a map at a time. Whoever takes it from one of the two counts in it, as if it were alone.
#include "../sample.h"

#define __kptr __attribute__((btf_type_tag("kptr")))
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
#define NODE_OF(pointer) ((struct node *)((void *)(pointer) - __builtin_offsetof(struct node, link)))

struct bpf_list_head {
	__u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_list_node {
	__u64 opaque[3];
} __attribute__((aligned(8)));
struct bpf_refcount {
	__u32 opaque[1];
} __attribute__((aligned(4)));

static void (*const bpf_spin_lock)(struct bpf_spin_lock *lock) = (void *)93;
static void (*const bpf_spin_unlock)(struct bpf_spin_lock *lock) = (void *)94;
static void *(*const bpf_kptr_xchg)(void *slot, void *pointer) = (void *)194;
extern void *bpf_obj_new_impl(__u64 local_type_id__k, void *meta__ign) __ksym;
extern void bpf_obj_drop_impl(void *p__alloc, void *meta__ign) __ksym;
extern void *bpf_refcount_acquire_impl(void *p__refcounted_kptr, void *meta__ign) __ksym;
extern int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta__ign, __u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;

struct node {
	struct bpf_list_node link;
	struct bpf_refcount references;
	__u64 hits;
};
struct slot {
	struct node __kptr *node;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

static struct bpf_spin_lock lock SEC(".data.nodes");
static struct bpf_list_head nodes __contains(node, link) SEC(".data.nodes");

static __always_inline int hit(struct node *node)
{
#ifdef MENDED
	__sync_fetch_and_add(&node->hits, 1);
#else
	node->hits++;
#endif
	bpf_obj_drop_impl(node, 0);
	return TC_ACT_OK;
}

SEC("tc")
int from_list(struct __sk_buff *ctx)
{
	struct bpf_list_node *link;

	bpf_spin_lock(&lock);
	link = bpf_list_pop_front(&nodes);
	bpf_spin_unlock(&lock);
	return link ? hit(NODE_OF(link)) : TC_ACT_OK;
}

/* Makes an object for both, and then takes back the one in the map. */
SEC("tc")
int from_map(struct __sk_buff *ctx)
{
	struct node *node = bpf_obj_new_impl(__builtin_btf_type_id(*(struct node *)0, 0), 0), *other;
	__u32 key = 0;
	struct slot *slot = bpf_map_lookup_elem(&slots, &key);

	if (!node)
		return TC_ACT_OK;
	other = bpf_refcount_acquire_impl(node, 0);
	bpf_spin_lock(&lock);
	bpf_list_push_back_impl(&nodes, &node->link, 0, 0);
	bpf_spin_unlock(&lock);
	if (slot)
		other = bpf_kptr_xchg(&slot->node, other);
	if (other)
		bpf_obj_drop_impl(other, 0);
	if (!slot)
		return TC_ACT_OK;
	other = bpf_kptr_xchg(&slot->node, 0);
	return other ? hit(other) : TC_ACT_OK;
}
