// Objects that programs allocate: lists, trees, reference counts, pointers kept in maps; exceptions.
#include "kernel.h"

struct item {
	struct bpf_list_node node;
	long number;
};
struct leaf {
	long key;
	struct bpf_rb_node node;
	long data;
};
struct both {
	long number;
	struct bpf_list_node list;
	struct bpf_rb_node tree;
	struct bpf_refcount count;
};
struct plain {
	long first, second;
};
struct holder {
	struct plain __kptr *pointer;
	long number;
};

#define SPIN_LOCKED(section, type, field, root, name)                                                                  \
	private(section) struct bpf_spin_lock name##_lock;                                                             \
	private(section) root name __contains(type, field)

SPIN_LOCKED(L, item, node, struct bpf_list_head, list);
SPIN_LOCKED(T, leaf, node, struct bpf_rb_root, tree);
SPIN_LOCKED(B, both, list, struct bpf_list_head, shared_list);
private(B) struct bpf_rb_root shared_tree __contains(both, tree);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct holder);
} holders SEC(".maps");

static __always_inline int push(long number, bool front)
{
	struct item *item = bpf_obj_new(struct item);
	int error;

	if (!item)
		return -1;
	item->number = number;
	bpf_spin_lock(&list_lock);
	error = front ? bpf_list_push_front(&list, &item->node) : bpf_list_push_back(&list, &item->node);
	bpf_spin_unlock(&list_lock);
	return error;
}

static __always_inline long pop(bool front)
{
	struct bpf_list_node *node;
	struct item *item;
	long number;

	bpf_spin_lock(&list_lock);
	node = front ? bpf_list_pop_front(&list) : bpf_list_pop_back(&list);
	bpf_spin_unlock(&list_lock);
	if (!node)
		return -1;
	item = container_of(node, struct item, node);
	number = item->number;
	bpf_obj_drop(item);
	return number;
}

SEC("tc") int lists(struct __sk_buff *skb)
{
	BEGIN;

	REC(pop(1));
	REC(push(1, 1));
	REC(push(2, 1));
	REC(push(3, 0));
	REC(push(4, 0));
	REC(pop(1));
	REC(pop(0));
	REC(pop(0));
	REC(pop(1));
	REC(pop(0));
	REC(push(5, 0));
	DONE;
}

SEC("tc") int list_ends(struct __sk_buff *skb)
{
	struct bpf_list_node *node;
	BEGIN;

	bpf_spin_lock(&list_lock);
	node = bpf_list_front(&list);
	REC(node != NULL);
	bpf_spin_unlock(&list_lock);
	push(7, 0);
	push(8, 0);
	bpf_spin_lock(&list_lock);
	node = bpf_list_front(&list);
	if (node)
		REC(container_of(node, struct item, node)->number);
	node = bpf_list_back(&list);
	if (node)
		REC(container_of(node, struct item, node)->number);
	bpf_spin_unlock(&list_lock);
	DONE;
}

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct leaf, node)->key < container_of(b, struct leaf, node)->key;
}

static __noinline int plant(long key)
{
	struct leaf *leaf = bpf_obj_new(struct leaf);

	if (!leaf)
		return -1;
	leaf->key = key;
	leaf->data = key * key;
	bpf_spin_lock(&tree_lock);
	bpf_rbtree_add(&tree, &leaf->node, less);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

static __noinline long least(void)
{
	struct bpf_rb_node *node;
	long key = -1;

	bpf_spin_lock(&tree_lock);
	node = bpf_rbtree_first(&tree);
	if (node)
		key = container_of(node, struct leaf, node)->key;
	bpf_spin_unlock(&tree_lock);
	return key;
}

static __noinline long fell(void)
{
	struct bpf_rb_node *node;
	struct leaf *leaf;
	long data;

	bpf_spin_lock(&tree_lock);
	node = bpf_rbtree_first(&tree);
	if (!node) {
		bpf_spin_unlock(&tree_lock);
		return -1;
	}
	node = bpf_rbtree_remove(&tree, node);
	bpf_spin_unlock(&tree_lock);
	if (!node)
		return -2;
	leaf = container_of(node, struct leaf, node);
	data = leaf->data;
	bpf_obj_drop(leaf);
	return data;
}

SEC("tc") int trees(struct __sk_buff *skb)
{
	BEGIN;

	REC(least());
	REC(fell());
	for (int i = 0; i < 12; i++)
		plant(i * 5 % 12);
	REC(least());
	for (int i = 0; i < 13; i++)
		REC(fell());
	DONE;
}

// The shape of the tree: root, its children and grandchildren.
static __noinline long shape(void)
{
	struct bpf_rb_node *node, *left, *right;
	long text = 0;

	bpf_spin_lock(&tree_lock);
	node = bpf_rbtree_root(&tree);
	if (node) {
		text = container_of(node, struct leaf, node)->key;
		left = bpf_rbtree_left(&tree, node);
		if (left) {
			text = text * 100 + container_of(left, struct leaf, node)->key;
			left = bpf_rbtree_right(&tree, left);
			if (left)
				text = text * 100 + container_of(left, struct leaf, node)->key;
		}
		right = bpf_rbtree_right(&tree, node);
		if (right) {
			text = text * 100 + container_of(right, struct leaf, node)->key;
			right = bpf_rbtree_left(&tree, right);
			if (right)
				text = text * 100 + container_of(right, struct leaf, node)->key;
		}
	}
	bpf_spin_unlock(&tree_lock);
	return text;
}

SEC("tc") int tree_shapes(struct __sk_buff *skb)
{
	BEGIN;

	for (int i = 0; i < 20; i++) {
		plant(i * 7 % 20);
		out[i & 7] = out[i & 7] * 31 + shape();
	}
	for (int i = 0; i < 20; i++) {
		fell();
		out[8 + (i & 7)] = out[8 + (i & 7)] * 31 + shape();
	}
	REC(0);
	DONE;
}

static bool less_shared(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct both, tree)->number < container_of(b, struct both, tree)->number;
}

SEC("tc") int shared_objects(struct __sk_buff *skb)
{
	struct both *object, *again;
	struct bpf_rb_node *leaf;
	struct bpf_list_node *node;
	BEGIN;

	object = bpf_obj_new(struct both);
	if (!object)
		return -1;
	object->number = 41;
	again = bpf_refcount_acquire(object);
	bpf_spin_lock(&shared_list_lock);
	REC(bpf_rbtree_add(&shared_tree, &object->tree, less_shared));
	REC(bpf_list_push_back(&shared_list, &again->list));
	leaf = bpf_rbtree_first(&shared_tree);
	if (leaf)
		container_of(leaf, struct both, tree)->number++;
	node = bpf_list_pop_front(&shared_list);
	bpf_spin_unlock(&shared_list_lock);
	if (!node)
		return -2;
	object = container_of(node, struct both, list);
	REC(object->number);
	bpf_obj_drop(object);
	bpf_spin_lock(&shared_list_lock);
	leaf = bpf_rbtree_first(&shared_tree);
	REC(leaf ? container_of(leaf, struct both, tree)->number : -1);
	bpf_spin_unlock(&shared_list_lock);
	DONE;
}

SEC("tc") int added_twice(struct __sk_buff *skb)
{
	struct both *object, *again;
	BEGIN;

	object = bpf_obj_new(struct both);
	if (!object)
		return -1;
	object->number = 1;
	again = bpf_refcount_acquire(object);
	bpf_spin_lock(&shared_list_lock);
	REC(bpf_list_push_back(&shared_list, &object->list));
	REC(bpf_list_push_front(&shared_list, &again->list));
	bpf_spin_unlock(&shared_list_lock);
	DONE;
}

SEC("tc") int kept_pointers(struct __sk_buff *skb)
{
	struct plain *object, *old;
	struct holder *holder;
	__u32 key = 1;
	BEGIN;

	holder = bpf_map_lookup_elem(&holders, &key);
	if (!holder)
		return -1;
	holder->number = 5;
	object = bpf_obj_new(struct plain);
	if (!object)
		return -2;
	object->first = 11;
	old = bpf_kptr_xchg(&holder->pointer, object);
	REC(old != NULL);
	if (old)
		bpf_obj_drop(old);
	object = bpf_obj_new(struct plain);
	if (!object)
		return -3;
	object->first = 12;
	old = bpf_kptr_xchg(&holder->pointer, object);
	REC(old ? old->first : -1);
	if (old)
		bpf_obj_drop(old);
	bpf_rcu_read_lock();
	object = holder->pointer;
	REC(object ? object->first : -1);
	bpf_rcu_read_unlock();
	old = bpf_kptr_xchg(&holder->pointer, NULL);
	REC(old ? old->first : -1);
	if (old)
		bpf_obj_drop(old);
	REC(holder->pointer != NULL);
	DONE;
}

struct percpu_holder {
	struct plain __percpu_kptr *pointer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct percpu_holder);
} percpu_holders SEC(".maps");

SEC("tc") int percpu_objects(struct __sk_buff *skb)
{
	struct plain *object, *copy;
	struct percpu_holder *holder;
	__u32 key = 0;
	BEGIN;

	holder = bpf_map_lookup_elem(&percpu_holders, &key);
	if (!holder)
		return -1;
	object = bpf_percpu_obj_new(struct plain);
	if (!object)
		return -2;
	object = bpf_kptr_xchg(&holder->pointer, object);
	if (object)
		bpf_percpu_obj_drop(object);
	bpf_rcu_read_lock();
	object = holder->pointer;
	if (object) {
		copy = bpf_per_cpu_ptr(object, 0);
		if (copy)
			copy->first = 10;
		copy = bpf_per_cpu_ptr(object, 1);
		if (copy)
			copy->first = 20;
		REC(bpf_per_cpu_ptr(object, 4096) != NULL);
		copy = bpf_this_cpu_ptr(object);
		copy->second = 5;
		REC(copy->first);
		copy = bpf_per_cpu_ptr(object, 1);
		REC(copy ? copy->first : -1);
		REC(copy ? copy->second : -1);
	}
	bpf_rcu_read_unlock();
	DONE;
}

SEC("tc") int thrown(struct __sk_buff *skb)
{
	out[0] = 1;
	if (skb->len > 10)
		bpf_throw(42);
	out[1] = 2;
	return 1;
}

static __noinline int deep(long value)
{
	out[1] = value;
	if (value == 3)
		bpf_throw(value * 1000);
	out[2] = value;
	return value;
}

SEC("tc") int thrown_from_below(struct __sk_buff *skb)
{
	out[0] = 1;
	out[4] = deep(2);
	out[5] = deep(skb->len - 61);
	out[6] = 9;
	return 1;
}
