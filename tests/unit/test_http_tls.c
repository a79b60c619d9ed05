/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a lane trusts. */
#include "base/cleanup.h"
#include "lane_fixture.h"
#include "unit.h"

#include <microhttpd.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

struct tls_fixture {
	struct lane_fixture base;
	char ca_file[96];
	char *key;	   /* in PEM form, as the server wants them */
	char *certificate; /* of "localhost", signed by itself */
	struct MHD_Daemon *server;
};

static char *take_pem(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *text = xstrndup(data, (size_t)len);

	BIO_free(bio);
	return text;
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void make_certificate(struct tls_fixture *fixture)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	BIO *key_pem = BIO_new(BIO_s_mem()), *certificate_pem = BIO_new(BIO_s_mem());

	assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
						    (const unsigned char *)"localhost", -1, -1, 0),
			 1);
	assert_int_equal(X509_set_issuer_name(certificate, name), 1);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(certificate, NID_subject_alt_name, "DNS:localhost");
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(PEM_write_bio_X509(certificate_pem, certificate), 1);
	fixture->key = take_pem(key_pem);
	fixture->certificate = take_pem(certificate_pem);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *size, void **state)
{
	static char body[] = "over tls";
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);

	(void)arg;
	(void)url;
	(void)method;
	(void)version;
	(void)data;
	(void)state;
	*size = 0; /* a body would be ignored */
	MHD_destroy_response(response);
	return result;
}

/* The server's complaints about clients that do not trust it are what the tests are about. */
static void say_nothing(void *arg, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void say_nothing(void *arg, const char *format, va_list arguments)
{
	(void)arg;
	(void)format;
	(void)arguments;
}

static int set_up(void **state)
{
	struct tls_fixture *fixture = xcalloc(1, sizeof(*fixture));

	fixture_init(&fixture->base);
	make_certificate(fixture);
	(void)snprintf(fixture->ca_file, sizeof(fixture->ca_file), "%s/ca.pem",
		       fixture->base.directory);
	write_file(fixture->ca_file, fixture->certificate);
	fixture->server =
		MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS | MHD_USE_ERROR_LOG,
				 0, NULL, NULL, answer, NULL, MHD_OPTION_EXTERNAL_LOGGER,
				 say_nothing, NULL, MHD_OPTION_HTTPS_MEM_KEY, fixture->key,
				 MHD_OPTION_HTTPS_MEM_CERT, fixture->certificate, MHD_OPTION_END);
	*state = fixture;
	return fixture->server ? 0 : -1;
}

static int tear_down(void **state)
{
	struct tls_fixture *fixture = *state;

	MHD_stop_daemon(fixture->server);
	(void)unlink(fixture->ca_file);
	fixture_done(&fixture->base);
	free(fixture->key);
	free(fixture->certificate);
	free(fixture);
	return 0;
}

static void connect_lane(struct tls_fixture *fixture, const char *ca_file)
{
	const struct lane_options options = {.name = "queue", .ca_file = ca_file};

	assert_int_equal(lane_new(fixture->base.loop, &options, &fixture->base.lane, NULL), 0);
}

static void make_call(struct call *call, struct tls_fixture *fixture, const char *host)
{
	_cleanup_free_ char *url =
		xasprintf("https://%s:%d/", host,
			  MHD_get_daemon_info(fixture->server, MHD_DAEMON_INFO_BIND_PORT)->port);

	call_make(call, &fixture->base, "POST", url);
}

static void peer_of_the_given_ca_is_trusted(void **state)
{
	struct tls_fixture *fixture = *state;
	struct call call;

	connect_lane(fixture, fixture->ca_file);
	assert_int_equal(unlink(fixture->ca_file), 0); /* what was read at the start counts */
	for (unsigned i = 0; i < 2; i++) {
		make_call(&call, fixture, "localhost");
		assert_string_equal(call.request.problem, "");
		assert_int_equal(call.request.outcome, HTTP_REPLIED);
		assert_string_equal(call.request.reply.data, "over tls");
		call_done(&call);
	}
}

static void peer_of_an_unknown_ca_is_refused_before_anything_is_sent(void **state)
{
	struct tls_fixture *fixture = *state;
	struct call call;

	connect_lane(fixture, NULL);
	make_call(&call, fixture, "localhost");
	assert_int_equal(call.request.outcome, HTTP_NOT_SENT);
	assert_non_null(strstr(call.request.problem, "certificate"));
	call_done(&call);
}

static void peer_with_the_certificate_of_another_name_is_refused(void **state)
{
	struct tls_fixture *fixture = *state;
	struct call call;

	connect_lane(fixture, fixture->ca_file);
	make_call(&call, fixture, "127.0.0.1");
	assert_int_equal(call.request.outcome, HTTP_NOT_SENT);
	call_done(&call);
}

static void expect_refused_ca(struct tls_fixture *fixture, const char *path)
{
	const struct lane_options options = {.name = "queue", .ca_file = path};
	struct lane *lane = NULL;
	struct err err = {0};

	assert_true(lane_new(fixture->base.loop, &options, &lane, &err) < 0);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, path));
	assert_null(lane);
}

static void ca_file_without_a_certificate_is_refused_when_the_lane_is_made(void **state)
{
	struct tls_fixture *fixture = *state;

	write_file(fixture->ca_file, "-----BEGIN CERTIFICATE-----\nnot base64!\n");
	expect_refused_ca(fixture, fixture->ca_file);
	write_file(fixture->ca_file, "");
	expect_refused_ca(fixture, fixture->ca_file);
	write_file(fixture->ca_file, fixture->key);
	expect_refused_ca(fixture, fixture->ca_file);
	assert_int_equal(unlink(fixture->ca_file), 0);
	expect_refused_ca(fixture, fixture->ca_file);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(peer_of_the_given_ca_is_trusted),
		TEST(peer_of_an_unknown_ca_is_refused_before_anything_is_sent),
		TEST(peer_with_the_certificate_of_another_name_is_refused),
		TEST(ca_file_without_a_certificate_is_refused_when_the_lane_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
