/* A temporary folder for each test, as cmocka's setup and teardown. */
#ifndef TESTS_SUPPORT_TEST_FOLDER_H
#define TESTS_SUPPORT_TEST_FOLDER_H

/** Make an empty folder, enter it, and start an alarm of 60 s: nothing may hang. *state
 * is the folder's path; the folder before is test_folder_old(). */
int test_folder_enter(void **state);

/** Return, and remove the folder with all in it. */
int test_folder_leave(void **state);

/** Where the test program was started. */
const char *test_folder_old(void);

/** Write a file; fails the test if it cannot. */
void test_folder_put(const char *path, const char *text);

#define IN_FOLDER(test)                                                                  \
	cmocka_unit_test_setup_teardown(test, test_folder_enter, test_folder_leave)

#endif
