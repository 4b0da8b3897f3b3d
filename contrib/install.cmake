# SPDX-License-Identifier: GPL-2.0-or-later
# What `cmake --install` puts where.  The configuration directory, /etc/bulkhead, is the administrator's: nothing is
# installed there.

# The units name the program by its absolute path, which the prefix decides: the one of `cmake --install --prefix`, too.
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_BINDIR BASE_DIRECTORY "\${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE BULKHEAD_BINDIR)
install(CODE "
	foreach(unit bulkhead bulkhead-verify)
		file(READ \"${CMAKE_CURRENT_LIST_DIR}/\${unit}.service\" text)
		string(REPLACE \"ExecStart=/usr/bin/bulkhead \" \"ExecStart=${BULKHEAD_BINDIR}/bulkhead \" text \"\${text}\")
		file(WRITE \"${CMAKE_BINARY_DIR}/\${unit}.service\" \"\${text}\")
	endforeach()
")

install(TARGETS bulkhead RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# lib, not CMAKE_INSTALL_LIBDIR: systemd looks for units in no architecture's own directory.
install(FILES ${CMAKE_BINARY_DIR}/bulkhead.service ${CMAKE_BINARY_DIR}/bulkhead-verify.service
	${CMAKE_CURRENT_LIST_DIR}/bulkhead-verify.timer DESTINATION lib/systemd/system)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/man/bulkhead.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/completion/bulkhead.bash
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME bulkhead)
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/schema DESTINATION ${CMAKE_INSTALL_DATADIR}/bulkhead
	FILES_MATCHING PATTERN "*.json")
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")
install(FILES ${CMAKE_CURRENT_LIST_DIR}/bulkhead.json DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/flows DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
	FILES_MATCHING PATTERN "*.json")
