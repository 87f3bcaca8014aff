<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/domain/features/pae|/domain/features/apic|/domain/features/acpi" priority="2"/>
</xsl:stylesheet>
