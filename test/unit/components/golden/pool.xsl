<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes"/>

  <xsl:template match="@*|node()">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="/pool">
    <xsl:copy>
      <xsl:apply-templates select="@*"/>
      <uuid>01234567-89ab-cdef-0123-456789abcdef</uuid>
      <xsl:apply-templates select="node()"/>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="/pool/target">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <permissions>
        <mode>0700</mode>
        <owner>64055</owner>
        <group>106</group>
      </permissions>
    </xsl:copy>
  </xsl:template>
</xsl:stylesheet>
