// Numbers and text: conversions, comparisons, searches, formats.
#include "kernel.h"

static __always_inline long signed_of(const char *text, unsigned size, int base, int *slot)
{
	long value = -7, used = bpf_strtol(text, size, base, &value);

	out[(*slot)++ & (SLOTS - 1)] = used;
	return value;
}

static __always_inline long unsigned_of(const char *text, unsigned size, int base, int *slot)
{
	unsigned long value = 7;
	long used = bpf_strtoul(text, size, base, &value);

	out[(*slot)++ & (SLOTS - 1)] = used;
	return value;
}

#define SIGNED(text, base) REC(signed_of(text, sizeof(text) - 1, base, &slot))
#define UNSIGNED(text, base) REC(unsigned_of(text, sizeof(text) - 1, base, &slot))

SEC("tc") int text_to_signed(struct __sk_buff *skb)
{
	BEGIN;

	SIGNED("-42", 10);
	SIGNED("  17x", 0);
	SIGNED("0x1fZ", 0);
	SIGNED("0x1f", 16);
	SIGNED("017", 0);
	SIGNED("9223372036854775807", 10);
	SIGNED("9223372036854775808", 10);
	SIGNED("-9223372036854775808", 10);
	SIGNED("+5", 10);
	SIGNED("xyz", 10);
	SIGNED("12", 7);
	SIGNED("0x", 0);
	SIGNED("-", 0);
	SIGNED("ff", 16);
	SIGNED("09", 0);
	DONE;
}

SEC("tc") int text_to_unsigned(struct __sk_buff *skb)
{
	BEGIN;

	UNSIGNED("42", 10);
	UNSIGNED("-42", 10);
	UNSIGNED("18446744073709551615", 10);
	UNSIGNED("18446744073709551616", 0);
	UNSIGNED("0xffffffffffffffff", 0);
	UNSIGNED("777", 8);
	UNSIGNED("8", 8);
	UNSIGNED("\t\n 3", 0);
	UNSIGNED("1234567890123", 10);
	UNSIGNED("0", 0);
	DONE;
}

static const char abc[] = "abcdef";
static const char upper[] = "ABCxyz";
static const char empty[] = "";
static const char high[] = "\xc4\x80\xff";

SEC("tc") int text_strncmp(struct __sk_buff *skb)
{
	char mine[8] = "abcxef";
	BEGIN;

	REC(bpf_strncmp(mine, 3, abc));
	REC(bpf_strncmp(mine, 4, abc));
	REC(bpf_strncmp(mine, 8, "abcxef"));
	mine[3] = 'A';
	REC(bpf_strncmp(mine, 8, abc));
	mine[0] = 0;
	REC(bpf_strncmp(mine, 8, ""));
	REC(bpf_strncmp(mine, 8, "z"));
	mine[0] = (char)0xff;
	REC(bpf_strncmp(mine, 1, abc));
	DONE;
}

SEC("tc") int text_compare(struct __sk_buff *skb)
{
	BEGIN;

	REC(bpf_strcmp(abc, abc));
	REC(bpf_strcmp(abc, upper));
	REC(bpf_strcmp(upper, abc));
	REC(bpf_strcmp(abc, empty));
	REC(bpf_strcmp(empty, abc));
	REC(bpf_strcmp(high, abc));
	REC(bpf_strcasecmp(abc, upper));
	REC(bpf_strncasecmp(abc, upper, 3));
	REC(bpf_strncasecmp(abc, upper, 4));
	REC(bpf_strncasecmp(abc, upper, 0));
	REC(bpf_strcmp(abc, NULL));
	DONE;
}

SEC("tc") int text_search(struct __sk_buff *skb)
{
	BEGIN;

	REC(bpf_strchr(abc, 'c'));
	REC(bpf_strchr(abc, 'q'));
	REC(bpf_strchr(abc, 0));
	REC(bpf_strnchr(abc, 3, 'd'));
	REC(bpf_strnchr(abc, 4, 'd'));
	REC(bpf_strnchr(abc, 0, 'a'));
	REC(bpf_strchrnul(abc, 'q'));
	REC(bpf_strchrnul(abc, 'b'));
	REC(bpf_strrchr("abcabc", 'b'));
	REC(bpf_strrchr("abcabc", 'z'));
	REC(bpf_strlen(abc));
	REC(bpf_strlen(empty));
	REC(bpf_strnlen(abc, 3));
	REC(bpf_strnlen(abc, 9));
	REC(bpf_strspn(abc, "cba"));
	REC(bpf_strspn(abc, ""));
	REC(bpf_strcspn(abc, "xde"));
	REC(bpf_strcspn(abc, ""));
	REC(bpf_strchr(NULL, 'a'));
	DONE;
}

SEC("tc") int text_substring(struct __sk_buff *skb)
{
	BEGIN;

	REC(bpf_strstr(abc, "cd"));
	REC(bpf_strstr(abc, "cx"));
	REC(bpf_strstr(abc, ""));
	REC(bpf_strstr("", ""));
	REC(bpf_strstr("", "a"));
	REC(bpf_strstr("aaab", "aab"));
	REC(bpf_strcasestr(abc, "CD"));
	REC(bpf_strnstr(abc, "cd", 3));
	REC(bpf_strnstr(abc, "cd", 4));
	REC(bpf_strnstr(abc, "", 0));
	REC(bpf_strnstr(abc, "ef", 6));
	REC(bpf_strncasestr(abc, "EF", 5));
	REC(bpf_strncasestr(abc, "EF", 6));
	DONE;
}

char buffer[64];

#define FORMAT(format, ...)                                                                                            \
	do {                                                                                                           \
		static const char text[] = format;                                                                     \
		__u64 arguments[] = { __VA_ARGS__ };                                                                   \
		__builtin_memset(buffer, 0, sizeof(buffer));                                                           \
		REC(bpf_snprintf(buffer, sizeof(buffer), text, arguments, sizeof(arguments)));                         \
		__u64 *words = (__u64 *)buffer;                                                                        \
		REC(words[0] ^ words[1] * 3 ^ words[2] * 5 ^ words[3] * 7);                                            \
	} while (0)

SEC("tc") int text_format(struct __sk_buff *skb)
{
	BEGIN;

	FORMAT("%d %u %x", -1, 7, 255);
	FORMAT("%ld|%lu|%llx", -5, 5, -1);
	FORMAT("%5d|%-5d|%05d", 42, 42, 42);
	FORMAT("%s-%c-%%", (__u64)abc, 'x');
	FORMAT("%i%i", 1, -1);
	FORMAT("%+x %08x %X", 255, 255, 255);
	FORMAT("%3s|%-8s|", (__u64) "a", (__u64) "b");
	FORMAT("%pI4", (__u64) "\x0a\x00\x00\x01");
	DONE;
}

SEC("tc") int text_format_errors(struct __sk_buff *skb)
{
	static const char plain[] = "plain text that is long";
	static const char wrong_count[] = "%d %d";
	static const char s[] = "%s";
	__u64 argument = 5;
	BEGIN;

	REC(bpf_snprintf(buffer, 8, plain, NULL, 0));
	REC(*(__u64 *)buffer);
	REC(bpf_snprintf(NULL, 0, plain, NULL, 0));
	REC(bpf_snprintf(buffer, 1, plain, NULL, 0));
	REC(bpf_snprintf(buffer, 64, s, &argument, 8));
	REC(buffer[0]);
	REC(bpf_snprintf(buffer, 3, "%d", &argument, 8));
	DONE;
}

SEC("tc") int text_probe(struct __sk_buff *skb)
{
	char to[8];
	BEGIN;

	REC(bpf_probe_read_kernel(to, 6, abc));
	REC(to[5]);
	REC(bpf_probe_read_kernel(to, 4, NULL));
	REC(to[0]);
	REC(bpf_probe_read_kernel_str(to, 4, abc));
	REC(to[3]);
	REC(bpf_probe_read_kernel_str(to, 8, abc));
	REC(bpf_probe_read_kernel_str(to, 8, NULL));
	REC(bpf_probe_read_kernel_str(to, 8, empty));
	DONE;
}

SEC("tc") int text_streams(struct __sk_buff *skb)
{
	__u64 argument = 5;
	BEGIN;

	REC(bpf_stream_vprintk(1, "plain\n", &argument, 0));
	REC(bpf_stream_vprintk(2, "%d\n", &argument, 8));
	REC(bpf_stream_vprintk(3, "%d\n", &argument, 8));
	REC(bpf_stream_vprintk(1, "%d %d\n", &argument, 8));
	REC(bpf_stream_vprintk(1, "%q\n", &argument, 8));
	DONE;
}
