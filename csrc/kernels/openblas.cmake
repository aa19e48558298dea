# The target chainrule_openblas: the shared library of the pip package scipy-openblas32, or, for a wheel less than half the
# size, a static one (CHAINRULE_OPENBLAS) of which only what is used is kept. It must count in 32 bits and let several threads
# call it at once without threads of its own.
set(CHAINRULE_OPENBLAS "" CACHE PATH "Folder with libopenblas.a and cblas.h; empty: the pip package scipy-openblas32")
set(CHAINRULE_OPENBLAS_LICENSE "${CHAINRULE_OPENBLAS}/LICENSE" CACHE FILEPATH "Its licence, which asks to travel with it")

if(CHAINRULE_OPENBLAS)
  find_library(openblas_library NAMES libopenblas.a PATHS ${CHAINRULE_OPENBLAS} PATH_SUFFIXES lib
    REQUIRED NO_CACHE NO_DEFAULT_PATH)
  get_filename_component(openblas_name ${CHAINRULE_OPENBLAS} NAME) # Debian's headers lie in a folder of the same name
  find_path(openblas_include cblas.h HINTS ${CHAINRULE_OPENBLAS} ${CHAINRULE_OPENBLAS}/include
    PATH_SUFFIXES ${openblas_name} REQUIRED NO_CACHE)
  if(NOT EXISTS "${CHAINRULE_OPENBLAS_LICENSE}")
    message(FATAL_ERROR "CHAINRULE_OPENBLAS needs the library's licence: set CHAINRULE_OPENBLAS_LICENSE")
  endif()
  set(openblas_licence ${CHAINRULE_OPENBLAS_LICENSE})
  add_library(chainrule_openblas STATIC IMPORTED)
  execute_process(COMMAND ${CMAKE_NM} --undefined-only ${openblas_library} OUTPUT_VARIABLE symbols ERROR_QUIET)
  if(NOT symbols MATCHES "pthread_mutex_lock")
    # Two threads could take the same buffer, and their products would be wrong now and then: Debian's serial library is such a one.
    message(FATAL_ERROR "CHAINRULE_OPENBLAS: ${openblas_library} has no locks. One made with USE_LOCKING=1 has")
  endif()
  # A library for many processors holds a table of kernels for each. We keep one family for each of our own instruction
  # sets; the name of any other table stands for the next one that such a processor can run.
  execute_process(COMMAND ${CMAKE_NM} --defined-only ${openblas_library} OUTPUT_VARIABLE symbols ERROR_QUIET)
  string(REGEX MATCHALL "D gotoblas_[A-Z0-9_]+" tables "${symbols}")
  list(TRANSFORM tables REPLACE "D gotoblas_" "")
  set(openblas_options -Wl,--exclude-libs,libopenblas.a -Wl,--gc-sections)
  foreach(table IN LISTS tables)
    if(table MATCHES "^(COOPERLAKE|SAPPHIRERAPIDS)$")
      set(stand_in SKYLAKEX)
    elseif(table MATCHES "^(ZEN|EXCAVATOR)$")
      set(stand_in HASWELL)
    else()
      set(stand_in NEHALEM)
    endif()
    if(stand_in IN_LIST tables AND NOT table MATCHES "^(NEHALEM|HASWELL|SKYLAKEX)$")
      list(APPEND openblas_options -Wl,--defsym=gotoblas_${table}=gotoblas_${stand_in})
    endif()
  endforeach()
  target_link_options(chainrule_openblas INTERFACE ${openblas_options})
else()
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c "import scipy_openblas32 as b
print(b.get_include_dir(), b.get_lib_dir() + '/' + b.get_library(fullname=True), sep=';')"
    OUTPUT_VARIABLE openblas_found OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE openblas_result ERROR_QUIET)
  if(NOT openblas_result EQUAL 0)
    message(FATAL_ERROR "OpenBLAS was not found. Install it with: ${Python_EXECUTABLE} -m pip install scipy-openblas32")
  endif()
  list(GET openblas_found 0 openblas_include)
  list(GET openblas_found 1 openblas_library)
  set(openblas_shared ${openblas_library}) # to be installed beside the extension
  # pip has laid the licence beside the package.
  get_filename_component(openblas_site ${openblas_library}/../../.. ABSOLUTE)
  file(GLOB openblas_licence ${openblas_site}/scipy_openblas32-*.dist-info/licenses/LICENSE.txt)
  if(openblas_licence)
    list(GET openblas_licence 0 openblas_licence)
  endif()
  add_library(chainrule_openblas SHARED IMPORTED)
  set_source_files_properties(csrc/kernels/blas.cpp csrc/kernels/lapack.cpp
    PROPERTIES COMPILE_DEFINITIONS CHAINRULE_SCIPY_OPENBLAS=1)
endif()
set_target_properties(chainrule_openblas PROPERTIES
  IMPORTED_LOCATION ${openblas_library} INTERFACE_INCLUDE_DIRECTORIES ${openblas_include})
